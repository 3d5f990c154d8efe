"""Trains gensim's Word2Vec once: the speed goes to stdout as JSON, the model into files for ../layers/models.mjs.

gensim_train.py TEXT OUT DIM WINDOW RATE BAG TREE NEGATIVES EPOCHS
"""

import json
import sys
import time

import numpy
from gensim.models import Word2Vec

text, out = sys.argv[1:3]
rate = float(sys.argv[5])
dim, window, bag, tree, negatives, epochs = (int(word) for word in sys.argv[3:5] + sys.argv[6:])

sentences = [line.split() for line in open(text)]
model = Word2Vec(
    vector_size=dim,
    window=window,
    alpha=rate,
    min_alpha=0.0001,
    sg=1 - bag,
    hs=tree,
    negative=0 if tree else negatives,
    sample=0,
    min_count=1,
    workers=1,
    epochs=epochs,
    seed=1,
)
model.build_vocab(sentences)
# The tables of the Python wrapper are made, and the code is read, before the clock starts.
words = epochs * sum(len(sentence) for sentence in sentences)
start = time.process_time()
model.train(sentences, total_examples=len(sentences), epochs=epochs)
seconds = time.process_time() - start

known = model.wv.index_to_key
model.wv.vectors.astype(numpy.float32).tofile(f"{out}.input")
(model.syn1 if tree else model.syn1neg).astype(numpy.float32).tofile(f"{out}.output")
count = [int(model.wv.get_vecattr(word, "count")) for word in known]
paths = None
if tree:
    paths = [
        {
            "nodes": [int(node) for node in model.wv.get_vecattr(word, "point")],
            "bits": [int(bit) for bit in model.wv.get_vecattr(word, "code")],
        }
        for word in known
    ]
with open(f"{out}.json", "w") as file:
    json.dump({"words": known, "counts": count, "paths": paths}, file)
print(json.dumps({"wordsPerSecond": words / seconds}))
