"""Reports as single pages of HTML that need no network. They are drawn from facts, and know no models."""

from partwise.report.facts import STEPS, Document, Listed, Passage, Report, Timeline, TopicFacts, Unexplained, Word
from partwise.report.page import page, write_page

__all__ = [
    "STEPS",
    "Document",
    "Listed",
    "Passage",
    "Report",
    "Timeline",
    "TopicFacts",
    "Unexplained",
    "Word",
    "page",
    "write_page",
]
