"""Text conditioning: the tokenizer and the transformer tau."""
