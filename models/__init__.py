"""Networks that paint: tensors in, tensors out."""
