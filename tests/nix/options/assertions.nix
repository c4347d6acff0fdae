# SPDX-License-Identifier: MIT
# Conditions and warnings reach the command line.
{
  configuration = {
    assertions = [
      {
        assertion = 1 == 2;
        message = "One is not two.";
      }
      {
        assertion = true;
        message = "This holds.";
      }
    ];
    warnings = [ "Take care." ];
  };
  see =
    { decisions, ... }:
    {
      "assertions" = decisions.assertions;
      "assertions.*.assertion" = decisions.assertions;
      "assertions.*.message" = decisions.assertions;
      "warnings" = decisions.warnings;
    };
}
