"""A CSMS of another make (the `ocpp` package): takes one session of a station, and says what it saw.

The package checks every payload against the official JSON schemas, in both directions.
"""

import asyncio
import contextlib
from datetime import datetime, timezone

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201


def now():
    return datetime.now(timezone.utc).isoformat()


class Seen:
    """What a session must have brought."""

    def __init__(self):
        self.boots = 0
        self.statuses = 0
        self.heartbeats = 0
        self.authorized = 0
        self.samples = 0
        self.start_wh = None
        self.stop_wh = None
        self.answers = {}
        self.started = asyncio.Event()
        self.ended = asyncio.Event()


class Csms16(ChargePoint16):
    def __init__(self, identity, socket, seen):
        super().__init__(identity, socket)
        self.seen = seen

    @on("BootNotification")
    async def on_boot(self, **_):
        self.seen.boots += 1
        return result16.BootNotification(current_time=now(), interval=60, status="Accepted")

    @on("StatusNotification")
    async def on_status(self, **_):
        self.seen.statuses += 1
        return result16.StatusNotification()

    @on("Heartbeat")
    async def on_heartbeat(self, **_):
        self.seen.heartbeats += 1
        return result16.Heartbeat(current_time=now())

    @on("Authorize")
    async def on_authorize(self, **_):
        self.seen.authorized += 1
        return result16.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    async def on_start(self, meter_start, **_):
        self.seen.start_wh = meter_start
        self.seen.started.set()
        return result16.StartTransaction(transaction_id=42, id_tag_info={"status": "Accepted"})

    @on("MeterValues")
    async def on_meter_values(self, meter_value, **_):
        self.seen.samples += len(meter_value)
        return result16.MeterValues()

    @on("StopTransaction")
    async def on_stop(self, meter_stop, transaction_id, **_):
        assert transaction_id == 42, transaction_id
        self.seen.stop_wh = meter_stop
        self.seen.ended.set()
        return result16.StopTransaction()

    async def ask(self):
        answer = await self.call(call16.GetConfiguration(key=["HeartbeatInterval", "NoSuchKey"]))
        self.seen.answers["configuration"] = [entry["key"] for entry in answer.configuration_key]
        self.seen.answers["unknown"] = answer.unknown_key
        changed = await self.call(call16.ChangeConfiguration(key="MeterValueSampleInterval", value="2"))
        self.seen.answers["changed"] = changed.status
        triggered = await self.call(call16.TriggerMessage(requested_message="Heartbeat"))
        self.seen.answers["triggered"] = triggered.status


class Csms201(ChargePoint201):
    def __init__(self, identity, socket, seen):
        super().__init__(identity, socket)
        self.seen = seen

    @on("BootNotification")
    async def on_boot(self, **_):
        self.seen.boots += 1
        return result201.BootNotification(current_time=now(), interval=60, status="Accepted")

    @on("StatusNotification")
    async def on_status(self, **_):
        self.seen.statuses += 1
        return result201.StatusNotification()

    @on("Heartbeat")
    async def on_heartbeat(self, **_):
        self.seen.heartbeats += 1
        return result201.Heartbeat(current_time=now())

    @on("Authorize")
    async def on_authorize(self, **_):
        self.seen.authorized += 1
        return result201.Authorize(id_token_info={"status": "Accepted"})

    @on("TransactionEvent")
    async def on_transaction_event(self, event_type, meter_value=None, **_):
        energy = [
            sample["value"]
            for value in meter_value or []
            for sample in value["sampled_value"]
            if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register"
        ]
        if event_type == "Started":
            self.seen.start_wh = energy[0]
            self.seen.started.set()
        elif event_type == "Ended":
            self.seen.stop_wh = energy[-1]
            self.seen.ended.set()
        elif energy:
            self.seen.samples += 1
        return result201.TransactionEvent()

    @on("NotifyReport")
    async def on_notify_report(self, **_):
        self.seen.answers["report"] = self.seen.answers.get("report", 0) + 1
        return result201.NotifyReport()

    async def ask(self):
        name = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        answer = await self.call(call201.GetVariables(get_variable_data=[name]))
        self.seen.answers["configuration"] = [answer.get_variable_result[0]["attribute_status"]]
        interval = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
        changed = await self.call(call201.SetVariables(set_variable_data=[{"attribute_value": "2", **interval}]))
        self.seen.answers["changed"] = changed.set_variable_result[0]["attribute_status"]
        triggered = await self.call(call201.TriggerMessage(requested_message="Heartbeat"))
        self.seen.answers["triggered"] = triggered.status
        report = await self.call(call201.GetBaseReport(request_id=7, report_base="FullInventory"))
        self.seen.answers["base_report"] = report.status


async def serve(version, seen):
    """Listens on a free port; gives the port back."""

    async def connected(socket):
        kind = {"1.6": Csms16, "2.0.1": Csms201}[version]
        station = kind(socket.request.path.rsplit("/", 1)[-1], socket, seen)
        listening = asyncio.create_task(station.start())
        while not seen.boots:
            await asyncio.sleep(0.02)
        await station.ask()
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            await listening

    protocol = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1"}[version]
    server = await websockets.serve(connected, "127.0.0.1", 0, subprotocols=[protocol])
    return server, server.sockets[0].getsockname()[1]
