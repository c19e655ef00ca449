"""Pages, forms and files of chat: thin, each loads with permission and makes one service call."""
