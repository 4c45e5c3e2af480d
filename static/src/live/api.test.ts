import { afterEach, describe, expect, test, vi } from "vitest";

import { Api, ApiError } from "./api.ts";

describe("a call of the page", () => {
  afterEach(() => vi.unstubAllGlobals());

  const answer = (status: number, body: string) => {
    const fetched = vi.fn(async (_url: string, _init?: RequestInit) => new Response(body, { status }));
    vi.stubGlobal("fetch", fetched);
    return fetched;
  };
  const failure = async (): Promise<ApiError> => {
    const outcome: unknown = await new Api().control("a/b", "pause").catch((error: unknown) => error);
    return outcome as ApiError;
  };

  test("names the job safely and sends the reason", async () => {
    const fetched = answer(202, "{}");
    await new Api().control("a/b", "cancel", "enough");
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/jobs/a%2Fb/cancel");
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: "POST", body: '{"reason":"enough"}' });
  });

  test("that is refused says why in the server's words", async () => {
    answer(409, '{"type":"about:blank","title":"Conflict","status":409,"detail":"the job has ended"}');
    expect(await failure()).toMatchObject({ status: 409, title: "Conflict", detail: "the job has ended" });
  });

  test("whose answer cannot be read still says what happened", async () => {
    answer(502, "<html>");
    expect((await failure()).detail).toBe("The server answered with status 502.");
  });

  test("that is not answered says that nothing was changed", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failure()).toMatchObject({ status: 0, title: "No answer" });
  });
});
