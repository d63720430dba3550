from evidence.intake.build import build

__all__ = ["build"]
