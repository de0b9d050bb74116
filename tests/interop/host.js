/*
 * zigbee-herdsman, by orders on standard input and with what happens on standard output: a line of JSON
 * each. Orders have an id and are answered with it; what happens has an event. herdsman.py gives them.
 * Not a place for what is right or wrong: that is proofs.py's.
 */
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const herdsman = require("zigbee-herdsman");
const {SerialPort} = require("zigbee-herdsman/dist/adapter/serialPort");

const state = {controller: null, wire: null};

/* Everything on standard output is a line of JSON: herdsman's own log goes to standard error. */
function say(what) {
    fs.writeSync(1, JSON.stringify(what, (key, value) => (typeof value === "bigint" ? value.toString() : value)) + "\n");
}

function log(level) {
    return (message, namespace) => {
        const text = typeof message === "function" ? message() : message;
        if (level !== "debug" || process.env.HOST_DEBUG)
            process.stderr.write(`${level} ${namespace}: ${text}\n`);
    };
}
herdsman.setLogger({debug: log("debug"), info: log("info"), warning: log("warning"), error: log("error")});

/* Bytes as they cross the port, both ways, into state.wire: "> hex" and "< hex". */
const open = SerialPort.prototype.asyncOpen;
SerialPort.prototype.asyncOpen = async function () {
    await open.call(this);
    if (state.wire === null)
        return;
    const write = this.write;
    this.write = function (data, ...rest) {
        fs.writeSync(state.wire, `> ${Buffer.from(data).toString("hex")}\n`);
        return write.call(this, data, ...rest);
    };
    this.on("data", (data) => fs.writeSync(state.wire, `< ${data.toString("hex")}\n`));
};

function listen(c) {
    c.on("message", (m) => say({event: "message", ieee: m.device.ieeeAddr, cluster: m.cluster, type: m.type,
        data: m.data, sequence: m.meta.zclTransactionSequenceNumber, endpoint: m.endpoint.ID, lqi: m.linkquality}));
    c.on("deviceJoined", (d) => say({event: "joined", ieee: d.device.ieeeAddr}));
    c.on("deviceInterview", (d) => say({event: "interview", ieee: d.device.ieeeAddr, status: d.status}));
    c.on("deviceAnnounce", (d) => say({event: "announced", ieee: d.device.ieeeAddr}));
    c.on("deviceLeave", (d) => say({event: "left", ieee: d.ieeeAddr}));
    c.on("deviceNetworkAddressChanged", (d) => say({event: "address", ieee: d.device.ieeeAddr,
        node: d.device.networkAddress}));
    c.on("permitJoinChanged", (d) => say({event: "permit", ...d}));
    c.on("adapterDisconnected", () => say({event: "disconnected"}));
}

function endpointOf(order) {
    const device = state.controller.getDeviceByIeeeAddr(order.ieee);
    if (!device)
        throw new Error(`${order.ieee} is not known`);
    return device.getEndpoint(order.endpoint || 1);
}

function coordinator() {
    return state.controller.getDevicesByType("Coordinator")[0].endpoints[0];
}

const orders = {
    async start({port, directory, network, wire}) {
        if (wire)
            state.wire = fs.openSync(wire, "a");
        state.controller = new herdsman.Controller({
            network,
            serialPort: {path: port, adapter: "ember", baudRate: 115200, rtscts: false},
            databasePath: path.join(directory, "database.db"),
            databaseBackupPath: path.join(directory, "database.db.backup"),
            backupPath: path.join(directory, "coordinator_backup.json"),
            adapter: {disableLED: true},
            acceptJoiningDeviceHandler: async () => true,
        });
        listen(state.controller);
        const result = await state.controller.start();
        const version = await state.controller.getCoordinatorVersion();
        const parameters = await state.controller.getNetworkParameters();
        return {result, version, parameters, ieee: state.controller.getDevicesByType("Coordinator")[0].ieeeAddr};
    },
    async stop() {
        await state.controller.stop();
        state.controller = null;
        if (state.wire !== null)
            fs.closeSync(state.wire);
        state.wire = null;
    },
    async permit({seconds}) {
        await state.controller.permitJoin(seconds);
    },
    async code({text}) {
        await state.controller.addInstallCode(text);
    },
    async devices() {
        return state.controller.getDevicesByType("EndDevice").concat(state.controller.getDevicesByType("Router"))
            .map((d) => ({ieee: d.ieeeAddr, type: d.type, node: d.networkAddress, maker: d.manufacturerName,
                model: d.modelID, power: d.powerSource, code: d.manufacturerID, interview: d.interviewState,
                endpoints: d.endpoints.map((e) => ({id: e.ID, profile: e.profileID, device: e.deviceID,
                    input: e.inputClusters, output: e.outputClusters}))}));
    },
    async read(order) {
        return await endpointOf(order).read(order.cluster, order.attributes, {sendPolicy: "immediate"});
    },
    async write(order) {
        await endpointOf(order).write(order.cluster, order.attributes, {sendPolicy: "immediate"});
    },
    async bind(order) {
        await endpointOf(order).bind(order.cluster, coordinator());
    },
    async unbind(order) {
        await endpointOf(order).unbind(order.cluster, coordinator());
    },
    async configure(order) {
        await endpointOf(order).configureReporting(order.cluster, order.items);
    },
    async configured(order) {
        return await endpointOf(order).readReportingConfig(order.cluster, order.items);
    },
    async command(order) {
        return await endpointOf(order).command(order.cluster, order.command, order.payload || {});
    },
    async ping({ieee}) {
        await state.controller.getDeviceByIeeeAddr(ieee).ping();
    },
    async leave({ieee}) {
        await state.controller.getDeviceByIeeeAddr(ieee).removeFromNetwork();
    },
    async backup() {
        await state.controller.backup();
    },
    async counters() {
        const {adapter} = state.controller;
        return await adapter.queue.execute(() => adapter.ezsp.ezspReadCounters());
    },
    async check() {
        return (await state.controller.coordinatorCheck()).missingRouters.map((d) => d.ieeeAddr);
    },
};

/* One after the other, as they come. */
let turn = Promise.resolve();
readline.createInterface({input: process.stdin}).on("line", (line) => {
    const order = JSON.parse(line);
    turn = turn.then(async () => {
        try {
            say({id: order.id, value: (await orders[order.do](order)) ?? null});
        } catch (e) {
            say({id: order.id, error: e.message || String(e)});
        }
    });
}).on("close", () => turn.then(() => process.exit(0)));
process.on("unhandledRejection", (e) => process.stderr.write(`unhandled ${e && e.stack}\n`));
