"""How questions are searched for and answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from service.setting_groups.group import SettingGroup


class SearchSettings(SettingGroup):
    """Search."""

    embeddings_base_url: str | None = Field(
        default=None, description="OpenAI-compatible embeddings; without it the embedded encoder is used."
    )
    embeddings_model: str = Field(default="text-embedding-3-small", description="Name of the model there.")
    embeddings_api_key: SecretStr | None = Field(default=None, description="Key of that endpoint.")
    embeddings_dimensions: int = Field(default=1_536, gt=0, description="Length of its vectors.")
    rerank_base_url: str | None = Field(
        default=None,
        description="An endpoint that orders the best hits anew, as Jina, Cohere, Voyage, vLLM, SGLang or "
        "Text Embeddings Inference serve it; with `/rerank` or without. Every question is sent there, with "
        "the text of the passages that were found and the names of their documents.",
    )
    rerank_model: str | None = Field(
        default=None, description="Name of the model there or, with `rerank`, of the language model."
    )
    rerank_api_key: SecretStr | None = Field(default=None, description="Key of that endpoint.")
    rerank: Literal["model"] | None = Field(
        default=None,
        description="`model`: the language model orders the best hits, in one or two more calls a question.",
    )
    rerank_candidates: int = Field(default=40, ge=2, le=400, description="Hits that are ordered anew.")
    rerank_timeout: float = Field(
        default=15.0, gt=0, description="Seconds for it; after that the order of the search stands."
    )
    rewrite_followups: bool = Field(
        default=False,
        description="Let the language model make a follow-up understood alone before it is searched for; one "
        "call a follow-up. Without it, the words of the earlier questions count too.",
    )
    rewrite_model: str | None = Field(
        default=None, description="Name of the model that rewrites; by default the one that answers."
    )
    rewrite_timeout: float = Field(
        default=10.0,
        gt=0,
        description="Seconds for it; after that the follow-up is searched for as it stands.",
    )


class AnswerSettings(SettingGroup):
    """Answers and reviews."""

    retrieved_tokens: int = Field(
        default=2_500,
        gt=0,
        description="Tokens of the best passages that a question is answered from at most; fewer where the "
        "rest is worth little.",
    )
    map_part_tokens: int = Field(
        default=24_000,
        ge=1_000,
        description="Tokens of documents that a map reads at once, by rule of thumb.",
    )
    map_parallel: int = Field(default=8, ge=1, le=256, description="Parts that a map reads at a time.")
    map_model: str | None = Field(
        default=None, description="Name of the model that reads the parts; by default the one that answers."
    )
    map_auto_tokens: int = Field(
        default=1_000_000,
        ge=0,
        description="Longest documents that are mapped without being asked for; 0 never does.",
    )
    agent_steps: int = Field(
        default=12, ge=1, le=100, description="Times that an agent may call its tools before it must answer."
    )
    agent_tokens: int = Field(
        default=64_000,
        gt=0,
        description="What the prompt of an agent may grow to, within the model's context.",
    )
    review_documents_at_once: int = Field(
        default=2, ge=1, le=64, description="Documents of a review that are asked about at a time."
    )
    review_questions_at_once: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Questions about one of them at a time, once its first answer has left it in the cache.",
    )
    review_whole_tokens: int = Field(
        default=100_000,
        gt=0,
        description="Of documents longer than this, a review reads the passages found for each question.",
    )
