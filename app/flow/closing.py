"""Closing the days of large boards in the background, as they pass."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from app.cards.closed_days import boards_to_close, close_days
from app.db import Database
from app.errors import AppError

log = logging.getLogger("weir.closing")

FIRST_SECONDS = 60.0  # after the start, which has better things to do
SECONDS = 600.0


class DayCloser:
    """Closes days every ten minutes; without it the statistics are as exact and take longer."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look for days to close."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops between two closings."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close_all(self) -> None:
        """Closes all days that can be closed, some of one board at a time: whoever moves a card
        there meanwhile waits for no more than that."""
        for key in await self._db.read(boards_to_close):
            is_more = True
            while is_more:
                is_more = await self._db.write(close_days, key)

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.close_all()
            except (AppError, SQLAlchemyError) as error:
                log.warning("no days closed: %s", " ".join(str(error).split()))
            await asyncio.sleep(SECONDS)
