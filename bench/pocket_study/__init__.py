"""The study of the pocket base on real pictures: what each method of training is worth there."""
