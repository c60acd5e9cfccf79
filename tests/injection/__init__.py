"""Values of the settings that would become an expression, a command or markup where they are used."""
