"""The evaluation of qa on gold questions."""
