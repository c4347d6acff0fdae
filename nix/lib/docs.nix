{ lib }: options: { optionsDoc = "[]"; docs = ""; }
