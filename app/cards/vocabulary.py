"""The words that a card's kind, class and blocks come in. Pure."""

from typing import Literal, get_args

WorkType = Literal["feature", "defect", "debt", "improvement", "ops", "incident"]
ServiceClass = Literal["standard", "fixed_date", "expedite", "intangible"]
Category = Literal[
    "waiting_on_team",
    "waiting_on_vendor",
    "waiting_on_customer",
    "environment",
    "approval",
    "defect",
    "missing_information",
    "dependency",
    "manual_work",
    "other",
]
WORK_TYPES: tuple[WorkType, ...] = get_args(WorkType)
SERVICE_CLASSES: tuple[ServiceClass, ...] = get_args(ServiceClass)
CATEGORIES: tuple[Category, ...] = get_args(Category)
