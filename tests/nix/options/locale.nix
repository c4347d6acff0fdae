# SPDX-License-Identifier: MIT
# Time zone, language and keyboard.
{
  configuration = {
    time.timeZone = "Europe/Berlin";
    i18n.defaultLocale = "de_DE.UTF-8";
    i18n.supportedLocales = [ "fr_FR.UTF-8 UTF-8" ];
    console.keyMap = "de-latin1-nodeadkeys";
  };
  see =
    { decisions, text, target, ... }:
    {
      "time.timeZone" = [
        (target "/etc/localtime")
        (text "/etc/timezone")
      ];
      "i18n.defaultLocale" = [
        (text "/etc/locale.conf")
        (builtins.elem "locales" decisions.packages.base)
      ];
      "i18n.supportedLocales" = [
        decisions.debian.debconf
        (text "/etc/locale.gen")
        (text "/etc/systemd/system/atomos-locale.service")
      ];
      "console.keyMap" = [
        (text "/etc/systemd/system/atomos-keymap.service")
        decisions.image.keymap
      ];
    };
}
