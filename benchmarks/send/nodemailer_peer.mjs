// node nodemailer_peer.mjs FOLDER JOB RECIPIENTS: send with nodemailer's pool, nothing recorded.
import { once } from "node:events";
import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, jobPath, recipientsPath] = process.argv.slice(2);
const nodemailer = createRequire(`${folder}/`)("nodemailer");
const job = JSON.parse(readFileSync(jobPath, "utf8"));

const joined = (pieces, values) =>
  pieces.map((piece, place) => (place % 2 ? values[piece] : piece)).join("");

const message = ({ email, name, values }) => ({
  from: { name: job.sender_name, address: job.sender_email },
  to: { name, address: email },
  subject: job.subject,
  text: joined(job.text, values),
  html: joined(job.html, values),
  list: { unsubscribe: values.unsubscribe_url },
  headers: { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
});

const began = process.hrtime.bigint();
const cpuBefore = process.cpuUsage();
const pool = nodemailer.createTransport({
  pool: true,
  host: "127.0.0.1",
  port: job.port,
  secure: false,
  ignoreTLS: true,
  maxConnections: job.connections,
  maxMessages: Infinity,
});

let count = 0;
const results = new Set();
for await (const line of createInterface({ input: createReadStream(recipientsPath) })) {
  while (!pool.isIdle()) await once(pool, "idle");
  const result = pool.sendMail(message(JSON.parse(line))).then(() => {
    count += 1;
    results.delete(result);
  });
  results.add(result);
}
await Promise.all(results);
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const cpu = process.cpuUsage(cpuBefore);
pool.close();
console.log(
  JSON.stringify({
    count,
    seconds,
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    // resourceUsage would also count what the parent held when it started this process.
    peak_mb: /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1] / 1024,
  }),
);
