# SPDX-License-Identifier: MIT
# A keyboard that the boot image doesn't know: its password could not be typed.
{
  configuration = {
    console.keyMap = "hu";
    atomos.boot.keymaps = [
      "us"
      "dvorak"
    ];
  };
}
