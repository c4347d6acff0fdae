# SPDX-License-Identifier: MIT
# Nothing is near: no guess.
{
  configuration = {
    programs.zsh.enable = true;
  };
}
