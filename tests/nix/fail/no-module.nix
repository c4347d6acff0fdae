# SPDX-License-Identifier: MIT
# Something that is no module at all.
{
  configuration = {
    imports = [ 5 ];
  };
}
