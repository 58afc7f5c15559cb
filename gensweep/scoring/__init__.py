"""Log-likelihoods of choices, and written answers, become predictions, accuracies and their intervals."""
