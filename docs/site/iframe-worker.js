// Search without a server: a page from a file may start no worker, so it runs in a frame.
if (location.protocol === "file:") {
  const load = (frame, url) =>
    new Promise((done, failed) => {
      const script = frame.document.createElement("script")
      script.onload = done
      script.onerror = () => failed(new Error(`${url} cannot be loaded`))
      script.src = new URL(url, location.href).href
      frame.document.body.append(script)
    })

  window.IFrameWorker = class IFrameWorker extends EventTarget {
    constructor(url) {
      super()
      const element = document.createElement("iframe")
      element.hidden = true
      document.body.append(element)
      this.element = element
      this.frame = element.contentWindow
      this.frame.postMessage = data => this.receive(data)
      this.frame.importScripts = (...urls) =>
        urls.reduce((done, next) => done.then(() => load(this.frame, next)), Promise.resolve())
      this.ready = load(this.frame, url)
    }

    receive(data) {
      const event = new MessageEvent("message", { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }

    postMessage(data) {
      const Message = this.frame.MessageEvent
      this.ready.then(() => this.frame.dispatchEvent(new Message("message", { data })))
    }

    terminate() {
      this.element.remove()
    }
  }
  window.Worker = window.IFrameWorker
}
