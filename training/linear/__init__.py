"""The linear student: n-grams for the intent, a window of characters for the tags. Needs neither torch nor a GPU."""
