# SPDX-License-Identifier: MIT
# A file with two contents, and one with none.
{
  configuration = {
    environment.etc.a = {
      text = "a";
      target = "b";
    };
    environment.etc.b.mode = "0600";
  };
}
