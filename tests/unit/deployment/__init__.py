"""What operators are given: compose files, images and what is told of them."""
