# Mojolicious as it comes, the other end of our tests: an echo server, or a client that wants echoes.
#
#     perl mojolicious.pl serve               prints its port; /plain as by default, /deflate with compression
#     perl mojolicious.pl connect URL MODE    prints the extensions that were agreed on, then "ok"
use Mojo::Base -strict, -signatures;
use Mojo::IOLoop;
use Mojo::Server::Daemon;
use Mojo::UserAgent;
use Mojo::Util qw(encode);
use Mojolicious::Lite;

app->log->level('fatal');
$| = 1;

sub echo ($c) {
  $c->res->headers->sec_websocket_protocol('chat') if $c->tx->with_protocols('chat');
  $c->on(text => sub ($c, $bytes) {
    return $c->finish(4001 => 'as you wish') if $bytes eq 'close';
    return $c->send({text => $bytes}) unless $bytes eq 'fragments' || $bytes eq 'ping';
    if ($bytes eq 'ping') {
      $c->tx->on(frame => sub ($tx, $frame) { $c->send('ponged') if $frame->[4] == 10 });
      return $c->send([1, 0, 0, 0, 9, 'x']);
    }
    $c->send([0, 0, 0, 0, 1, 'one,']);
    $c->send([0, 0, 0, 0, 0, 'two,']);
    $c->send([1, 0, 0, 0, 0, 'three']);
  });
  $c->on(binary => sub ($c, $bytes) { $c->send({binary => $bytes}) });
}

websocket '/plain' => sub ($c) { echo($c) };
websocket '/deflate' => sub ($c) { $c->tx->with_compression; echo($c) };

if ($ARGV[0] eq 'serve') {
  my $daemon = Mojo::Server::Daemon->new(app => app, listen => ['http://127.0.0.1:0'], silent => 1);
  $daemon->start;
  say $daemon->ports->[0];
  Mojo::IOLoop->start;
}

my ($url, $mode) = @ARGV[1, 2];
my %fields = $mode eq 'deflate' ? ('Sec-WebSocket-Extensions' => 'permessage-deflate') : ();
my $large = 'words and more words, ' x 5000;
my @messages = map { ([text => $_], [binary => $_]) } 'hello', '', encode('UTF-8', "\x{e9}\x{20ac}\x{1f600}"), $large, $large;

sub fail (@words) { warn @words, "\n"; exit 1 }    # Mojo::IOLoop outlives a die

my $ua = Mojo::UserAgent->new;
$ua->websocket($url => \%fields => ['other', 'chat'] => sub ($ua, $tx) {
  fail 'no WebSocket: ', $tx->res->code // '' unless $tx->is_websocket;
  say $tx->res->headers->sec_websocket_extensions // '';
  fail 'another subprotocol' unless $tx->protocol eq 'chat';
  my $next = sub { $tx->send(@messages ? {@{$messages[0]}} : {text => 'close'}) };
  for my $kind ('text', 'binary') {
    $tx->on($kind => sub ($tx, $bytes) {
      my $sent = shift @messages;
      fail 'another message' unless $sent->[0] eq $kind && $sent->[1] eq $bytes;
      $next->();
    });
  }
  $tx->on(finish => sub ($tx, $code, $reason) {
    fail "closed: $code, " . @messages . ' messages left' unless $code == 4001 && !@messages;
    say 'ok';
    Mojo::IOLoop->stop;
  });
  $next->();
});
Mojo::IOLoop->start;
