# SPDX-License-Identifier: MIT
# Directories that would keep code for the next boot; what is named itself may be kept.
{
  configuration = {
    atomos.state.directories = [
      "/"
      "/var/lib/systemd/"
      "/etc/cron.d"
      "/var/lib/grafana"
    ];
  };
}
