"""The package's own language model: text to tokens, tokens to numbers, on onnxruntime alone.

`pieces` cuts text into tokens, `encoder` runs a graph of `weights/` over them, `embed` makes unit vectors.
`evals/training/export.py` writes the weights.
"""
