"""Reports as single pages of HTML that need no network. They are drawn from facts, and know no models."""

from partwise.report.facts import STEPS as STEPS
from partwise.report.facts import Document as Document
from partwise.report.facts import Listed as Listed
from partwise.report.facts import Passage as Passage
from partwise.report.facts import Report as Report
from partwise.report.facts import Timeline as Timeline
from partwise.report.facts import TopicFacts as TopicFacts
from partwise.report.facts import Unexplained as Unexplained
from partwise.report.facts import Word as Word
from partwise.report.page import page as page
from partwise.report.page import write_page as write_page
