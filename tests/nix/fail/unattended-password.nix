# SPDX-License-Identifier: MIT
# Everybody could read it in the store: the first start asks for it.
{
  configuration = {
    atomos.install.unattended.answers.password = "sesame";
  };
}
