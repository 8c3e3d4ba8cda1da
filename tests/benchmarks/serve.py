"""The yardstick: a bare FastAPI application that validates a move and answers a constant.

`python -m tests.benchmarks.serve PORT` serves it on 127.0.0.1.
"""

import sys

import uvicorn
from fastapi import FastAPI

from app.cards.schemas import MoveIn


def bare() -> FastAPI:
    """The bare application."""
    app = FastAPI()

    @app.post("/bare")
    async def answer(body: MoveIn) -> dict[str, int]:
        return {"column_id": 1}

    @app.get("/bare")
    async def read() -> dict[str, int]:
        return {"column_id": 1}

    return app


if __name__ == "__main__":
    uvicorn.run(
        bare(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False
    )
