"""Data, training, export and figures of the reader and the check that `qa/model/weights` holds (docs/MODEL.md)."""
