"""The documents that repeat what is declared: templates in Markdown, filled from the settings of the stacks."""
