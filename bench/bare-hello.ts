import express from "express";

/** The least that Express can do: what a page's speed is compared with. */
const app = express();
app.get("/", (_req, res) => void res.send("Hello, World!"));
app.listen(Number(process.env.PORT), "127.0.0.1");
