from evidence.readers.contract import Around, Event, Gap, Reader, RecordRefused
from evidence.readers.registry import READERS, recognise

__all__ = ["READERS", "Around", "Event", "Gap", "Reader", "RecordRefused", "recognise"]
