"""What is added to a trained model: low-rank changes of its weights (LoRA and its kin), and networks beside it."""
