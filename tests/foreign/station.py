"""A station of another make (the `ocpp` package): charges once at a CSMS, and answers what it is asked."""

import asyncio
from datetime import datetime, timezone

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

START_WH, STOP_WH = 1_000, 8_500


def now():
    return datetime.now(timezone.utc).isoformat()


class Station16(ChargePoint16):
    @on("TriggerMessage")
    async def on_trigger(self, **_):
        return result16.TriggerMessage(status="NotImplemented")

    @on("GetConfiguration")
    async def on_get_configuration(self, **_):
        return result16.GetConfiguration(configuration_key=[{"key": "Foreign", "readonly": True, "value": "yes"}])

    async def session(self):
        boot = await self.call(call16.BootNotification(charge_point_model="Foreign", charge_point_vendor="Other"))
        assert boot.status == "Accepted", boot
        await self.call(call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
        authorized = await self.call(call16.Authorize(id_tag="FOREIGN1"))
        assert authorized.id_tag_info["status"] == "Accepted", authorized
        start = call16.StartTransaction(connector_id=1, id_tag="FOREIGN1", meter_start=START_WH, timestamp=now())
        started = await self.call(start)
        assert started.transaction_id > 0, started
        value = {"timestamp": now(), "sampled_value": [{"value": "4000", "unit": "Wh"}]}
        sample = call16.MeterValues(connector_id=1, transaction_id=started.transaction_id, meter_value=[value])
        await self.call(sample)
        stop = call16.StopTransaction(
            meter_stop=STOP_WH, timestamp=now(), transaction_id=started.transaction_id, reason="Local"
        )
        await self.call(stop)
        await self.call(call16.Heartbeat())


class Station201(ChargePoint201):
    @on("TriggerMessage")
    async def on_trigger(self, **_):
        return result201.TriggerMessage(status="NotImplemented")

    @on("GetVariables")
    async def on_get_variables(self, get_variable_data, **_):
        results = [{"attribute_status": "UnknownComponent", **data} for data in get_variable_data]
        return result201.GetVariables(get_variable_result=results)

    async def event(self, kind, trigger, seq_no, energy_wh, **more):
        value = {"timestamp": now(), "sampled_value": [{"value": energy_wh}]}
        event = call201.TransactionEvent(
            event_type=kind,
            timestamp=now(),
            trigger_reason=trigger,
            seq_no=seq_no,
            transaction_info={"transaction_id": "foreign-1"},
            evse={"id": 1, "connector_id": 1},
            meter_value=[value],
            **more,
        )
        return await self.call(event)

    async def session(self):
        station = {"model": "Foreign", "vendor_name": "Other"}
        boot = await self.call(call201.BootNotification(charging_station=station, reason="PowerUp"))
        assert boot.status == "Accepted", boot
        status = call201.StatusNotification(
            timestamp=now(), connector_status="Occupied", evse_id=1, connector_id=1
        )
        await self.call(status)
        token = {"id_token": "FOREIGN1", "type": "ISO14443"}
        authorized = await self.call(call201.Authorize(id_token=token))
        assert authorized.id_token_info["status"] == "Accepted", authorized
        started = await self.event("Started", "Authorized", 0, START_WH, id_token=token)
        assert started.id_token_info["status"] == "Accepted", started
        await self.event("Updated", "MeterValuePeriodic", 1, 4_000)
        await self.event("Ended", "StopAuthorized", 2, STOP_WH)
        await self.call(call201.Heartbeat())


async def charge(url, identity, version, while_connected):
    """One session; `while_connected` runs before the station leaves."""
    kind, protocol = {"1.6": (Station16, "ocpp1.6"), "2.0.1": (Station201, "ocpp2.0.1")}[version]
    async with websockets.connect(f"{url}/{identity}", subprotocols=[protocol]) as socket:
        station = kind(identity, socket)
        listening = asyncio.create_task(station.start())
        await station.session()
        await while_connected()
        listening.cancel()
