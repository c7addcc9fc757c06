"""GET /jobs: queue and history as one list."""

from pathlib import Path
from typing import Any

from tests.engine.server.runs_lab import Place, serving, story, use

SHOWN = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}
FAILING = {"1": use("PFail"), "2": use("PShow", x=["1", 0])}
SAVING = {"1": use("PSave", text="words", filename_prefix="a/b")}


def waiting_for(path: Path, tag: int = 0) -> dict[str, object]:
    return {"1": use("PWait", path=str(path), tag=tag), "2": use("PShow", x=["1", 0])}


def made_in(workflow: str) -> dict[str, object]:
    return {"extra_pnginfo": {"workflow": {"id": workflow}}}


async def listed(place: Place, query: str = "") -> list[str]:
    """The ids of the jobs that are asked for."""
    return [job["id"] for job in (await place.get(f"/jobs?{query}"))["jobs"]]


@story
async def test_each_status_has_comfyuis_name(tmp_path: Path) -> None:
    async with serving(tmp_path, grace=0.1) as place:
        done = await place.send(SHOWN)
        failed = await place.send(FAILING)
        await place.ended(failed)
        running = await place.send(waiting_for(tmp_path / "go"))
        await place.until_running(running)
        waiting, dropped = [await place.send(waiting_for(tmp_path / "go", tag)) for tag in (1, 2)]
        await place.post("/queue", {"delete": [dropped]})
        names = ("pending", "in_progress", "completed", "failed", "cancelled")
        found = [await listed(place, f"status={name}") for name in names]
        several = await listed(place, "status=completed,failed&sort_order=asc")
        (tmp_path / "go").touch()
        await place.ended(waiting)

    assert found == [[waiting], [running], [done], [failed], [dropped]]
    assert several == [done, failed]


@story
async def test_a_job_that_waits_says_no_more_than_is_known(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.post("/queue/pause")
        run = await place.send(SHOWN, number=7, extra_data=made_in("w"))
        (job,) = (await place.get("/jobs"))["jobs"]

    assert job.pop("create_time") > 1.6e12  # milliseconds
    assert job == {"id": run, "status": "pending", "priority": 7, "outputs_count": 0, "workflow_id": "w"}


@story
async def test_a_job_that_is_over_tells_its_times_and_its_first_picture(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send({**SAVING, "2": use("PShow", x=3)})
        await place.ended(run)
        (job,) = (await place.get("/jobs"))["jobs"]

    assert (job["status"], job["outputs_count"]) == ("completed", 1)
    assert job["create_time"] <= job["execution_start_time"] <= job["execution_end_time"]
    picture = job["preview_output"]
    assert (picture["nodeId"], picture["mediaType"], picture["subfolder"]) == ("1", "images", "a")


@story
async def test_a_job_that_failed_tells_why(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send(FAILING)
        await place.ended(run)
        (job,) = (await place.get("/jobs"))["jobs"]

    assert (job["status"], job["execution_error"]["node_id"]) == ("failed", "1")
    assert job["execution_error"]["exception_type"] == "IndexError"


@story
async def test_one_job_has_its_outputs_and_its_workflow(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send(SHOWN, extra_data=made_in("w"))
        await place.ended(run)
        job: dict[str, Any] = await place.get(f"/jobs/{run}")
        unknown = await place.ask("GET", "/jobs/nobody")

    assert job["outputs"]["2"]["text"] == ["3"]
    assert job["execution_status"]["status_str"] == "success"
    assert job["workflow"]["prompt"] == SHOWN
    assert job["workflow"]["extra_data"]["extra_pnginfo"]["workflow"] == {"id": "w"}
    assert (unknown[0], unknown[1]["error"]["message"]) == (404, "Job not found")


@story
async def test_jobs_come_in_pages_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        sent = [
            await place.send({"1": use("PProgress", steps=1, tag=tag), "2": use("PShow", x=["1", 0])})
            for tag in range(4)
        ]
        slow = await place.send(
            {"1": use("PProgress", steps=3, delay=0.1, tag=9), "2": use("PShow", x=["1", 0])}
        )
        await place.ended(slow)
        page = await place.get("/jobs?limit=2&offset=1&sort_order=asc")
        rest = await place.get("/jobs?limit=2&offset=3&sort_order=asc")
        newest = await listed(place, "limit=1")
        longest = await listed(place, "sort_by=execution_duration&sort_order=desc&limit=1")

    assert [job["id"] for job in page["jobs"]] == sent[1:3]
    assert page["pagination"] == {"offset": 1, "limit": 2, "total": 5, "has_more": True}
    assert (len(rest["jobs"]), rest["pagination"]["has_more"]) == (2, False)
    assert newest == longest == [slow]


@story
async def test_jobs_of_one_workflow_can_be_asked_for(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        mine = await place.send(SHOWN, extra_data=made_in("mine"))
        await place.send(SHOWN, extra_data=made_in("other"))
        last = await place.send(SHOWN)
        await place.ended(last)
        found = await place.get("/jobs?workflow_id=mine")
        nothing = await listed(place, "workflow_id=nobody")

    assert [job["id"] for job in found["jobs"]] == [mine]
    assert found["pagination"]["total"] == 1
    assert nothing == []


@story
async def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    queries = ("status=lost", "sort_by=name", "sort_order=up", "limit=0", "limit=x", "offset=-1")
    async with serving(tmp_path) as place:
        found = [await place.ask("GET", f"/jobs?{query}") for query in queries]

    assert [status for status, _ in found] == [400] * len(queries)
    assert "one of pending, in_progress, completed" in found[0][1]["error"]["message"]
