"""The second demo: a character-level transformer on Python's own sources.

Read `_model.py` first: it is all that a user of scopejax writes to have a model. The
rest is a training loop to copy: the text (`_text.py`), one compiled step (`_step.py`),
the loop (`_train.py`), which signals stop (`_signals.py`) and a file resumes
(`_snapshot.py`), what comes of it (`_evaluate.py`, `_sample.py`, `_picture.py`), and
the story (`_story.py`).
"""
