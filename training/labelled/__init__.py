"""Any labelled set to a bundle: JSONL in, an intent and slots as spoken out. Knows no trade, no grammar, no lexicon."""
