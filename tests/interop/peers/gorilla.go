// gorilla/websocket as it comes, the other end of our tests: an echo server, or a client that wants echoes.
//
//	gorilla serve               prints its port; /plain as by default, /deflate with EnableCompression
//	gorilla connect URL MODE    prints the extensions that were agreed on, then "ok"
package main

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	if os.Args[1] == "serve" {
		serve()
	} else {
		connect(os.Args[2], os.Args[3] == "deflate")
	}
}

func serve() {
	for path, compress := range map[string]bool{"/plain": false, "/deflate": true} {
		upgrader := websocket.Upgrader{EnableCompression: compress, Subprotocols: []string{"chat"}}
		http.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			ws, err := upgrader.Upgrade(w, r, nil)
			if err == nil {
				echo(ws)
			}
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}

func echo(ws *websocket.Conn) {
	defer ws.Close()
	for {
		kind, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		switch string(data) {
		case "close":
			text := websocket.FormatCloseMessage(4001, "as you wish")
			ws.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second))
			ws.ReadMessage()
			return
		case "ping":
			ws.SetPongHandler(func(string) error { return ws.WriteMessage(kind, []byte("ponged")) })
			ws.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(time.Second))
		case "fragments":
			frames, err := ws.NextWriter(kind)
			check(err)
			for _, part := range []string{"one,", "two,", "three"} {
				frames.Write([]byte(part))
			}
			frames.Close()
		default:
			ws.WriteMessage(kind, data)
		}
	}
}

func connect(url string, compress bool) {
	dialer := websocket.Dialer{EnableCompression: compress, Subprotocols: []string{"other", "chat"}}
	ws, response, err := dialer.Dial(url, nil)
	check(err)
	fmt.Println(response.Header.Get("Sec-Websocket-Extensions"))
	large := bytes.Repeat([]byte("words and more words, "), 5000)
	for _, message := range [][]byte{[]byte("hello"), {}, []byte("é€😀"), large, large} {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			check(ws.WriteMessage(kind, message))
			got, data, err := ws.ReadMessage()
			check(err)
			if got != kind || !bytes.Equal(data, message) {
				log.Fatalf("sent %d bytes, got %d", len(message), len(data))
			}
		}
	}
	check(ws.WriteMessage(websocket.TextMessage, []byte("close")))
	_, _, err = ws.ReadMessage()
	if !websocket.IsCloseError(err, 4001) || ws.Subprotocol() != "chat" {
		log.Fatal(err, ws.Subprotocol())
	}
	fmt.Println("ok")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
