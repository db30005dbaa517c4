"""Loads every config of an export with `datasets` and decodes every picture. Prints the row counts as JSON."""
import json
import sys

from datasets import Image, load_dataset

root, cache = sys.argv[1:3]
counts = {}
for name in ["dpo", "battles", "kto", "sft", "lmarena", "votes", "imagefolder"]:
    where = dict(path=f"{root}/imagefolder") if name == "imagefolder" else dict(path=root, name=name)
    loaded = load_dataset(**where, cache_dir=cache)
    counts[name] = {split: len(rows) for split, rows in loaded.items()}
    for rows in loaded.values():
        if name != "votes":
            feature = rows.features["images"]
            inner = feature[0] if isinstance(feature, list) else feature.feature
            assert isinstance(inner, Image), (name, feature)
            for row in rows:
                for picture in row["images"]:
                    picture.load()
        if name in ("dpo", "kto"):
            parts = sum(part["type"] == "image" for row in rows for message in row["prompt"] for part in message["content"])
            assert parts == sum(len(row["images"]) for row in rows)
print(json.dumps(counts))
