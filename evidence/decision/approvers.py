"""Owns the approver map: who holds each approving role. Owning a service does not make one an approver."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from evidence.decision.matrix import Frozen, Sentence, Word

Contact = Annotated[str, Field(strict=True, min_length=1, max_length=200)]


class Role(Frozen):
    """One approving role: a fixed contact, or one per owning group."""

    title: Sentence
    contact: Contact | None = None
    by_owner: dict[str, Contact] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.contact is None) == (not self.by_owner):
            raise ValueError("a role has either a contact or a map by_owner")
        return self


class Fallback(Frozen):
    """Who is addressed when nobody owns the service, or its owner has no entry for the role."""

    contact: Contact
    because: Sentence


class Approvers(Frozen):
    """Roles and their holders."""

    roles: Annotated[dict[Word, Role], Field(min_length=1)]
    fallback: Fallback

    def contact_of(self, role: str, owner: str | None) -> str:
        """Who holds `role` for a service of `owner`; the fallback, saying so, when nobody is named."""
        entry = self.roles[role]
        if entry.contact is not None:
            return entry.contact
        if owner in entry.by_owner:
            return entry.by_owner[owner]
        missing = "no owner is known" if owner is None else f"{owner} names no {role}"
        return f"{self.fallback.contact} (fallback: {missing})"
