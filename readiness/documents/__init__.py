"""The generated documents: templates in Markdown, filled from the settings of the stacks."""
