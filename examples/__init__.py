"""Programs that use the library as an app would. They run from a checkout and are not in the wheel."""
