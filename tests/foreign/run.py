"""Sessions between pilotwire and an implementation of another make, in both versions and both directions.

    python run.py CHARGER_SIM CSMS_LITE     (paths of the two binaries)
"""

import asyncio
import json
import sys
import tempfile
import urllib.request

import csms
import station


async def charger_against_foreign_csms(charger_sim, version):
    seen = csms.Seen()
    server, port = await csms.serve(version, seen)
    charger = await asyncio.create_subprocess_exec(
        charger_sim, "run", "--csms", f"ws://127.0.0.1:{port}/ocpp", "--id", "PW001", "--version", version,
        "--security-profile", "0",
        "--control", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )

    async def play(command, **arguments):
        line = json.dumps({"command": command, **arguments}) + "\n"
        charger.stdin.write(line.encode())
        await charger.stdin.drain()
        while True:
            answer = json.loads(await charger.stdout.readline())
            if "reply" in answer:
                assert answer["ok"], answer
                return answer

    async def until(condition):
        while not condition():
            await asyncio.sleep(0.05)

    await until(lambda: "triggered" in seen.answers)
    await play("plug", evse=1)
    await play("token", token="04A1B2C3", evse=1)
    await play("ev_ready", evse=1)
    await seen.started.wait()
    await until(lambda: seen.samples >= 1)
    await play("token", token="04A1B2C3", evse=1)
    await play("unplug", evse=1)
    await seen.ended.wait()
    await play("quit")
    await charger.wait()
    server.close()
    assert charger.returncode == 0, charger.returncode
    assert seen.boots == 1 and seen.statuses >= 2 and seen.authorized == 1 and seen.heartbeats >= 1, vars(seen)
    assert seen.stop_wh > seen.start_wh, vars(seen)
    assert seen.answers["triggered"] == "Accepted" and seen.answers["changed"] == "Accepted", seen.answers
    if version == "2.0.1":
        assert seen.answers["base_report"] == "Accepted" and seen.answers["report"] >= 1, seen.answers
    else:
        assert seen.answers["unknown"] == ["NoSuchKey"], seen.answers


def http(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


async def foreign_station_against_csms(csms_lite, version):
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.create_subprocess_exec(
            csms_lite, "serve", "--ocpp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", folder, "--insecure",
            stdout=asyncio.subprocess.PIPE,
        )
        ready = json.loads(await server.stdout.readline())
        api = f"http://{ready['http']}"
        token = {"token": "FOREIGN1", "kind": "ISO14443", "status": "Accepted"}
        await asyncio.to_thread(http, "POST", f"{api}/v1/tokens", token)

        async def ask():
            action, body, key = {
                "1.6": ("GetConfiguration", {}, "configurationKey"),
                "2.0.1": (
                    "GetVariables",
                    {"getVariableData": [{"component": {"name": "X"}, "variable": {"name": "Y"}}]},
                    "getVariableResult",
                ),
            }[version]
            answer = await asyncio.to_thread(http, "POST", f"{api}/v1/stations/FOREIGN/call/{action}", body)
            assert answer[key], answer

        await station.charge(f"ws://{ready['ocpp']}/any/path", "FOREIGN", version, ask)
        bills = await asyncio.to_thread(http, "GET", f"{api}/v1/transactions?station=FOREIGN")
        server.terminate()
        await server.wait()
        bills = bills["transactions"] if isinstance(bills, dict) else bills
        assert len(bills) == 1, bills
        assert float(bills[0]["energy_wh"]) == station.STOP_WH - station.START_WH, bills


async def main(charger_sim, csms_lite):
    for version in ["1.6", "2.0.1"]:
        await asyncio.wait_for(charger_against_foreign_csms(charger_sim, version), 60)
        print(f"charger-sim against a foreign CSMS, {version}: ok")
        await asyncio.wait_for(foreign_station_against_csms(csms_lite, version), 60)
        print(f"a foreign station against csms-lite, {version}: ok")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
