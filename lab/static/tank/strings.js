// The sentences of the plant, in English and in Japanese.

export const strings = {
  en: {
    "page.tank": "Tank",
    "tank.stage": "The plant and its trends",
    "tank.ready": "Four tanks, two pumps",
    "tank.go": "Start the shift", "tank.resume": "Go on", "tank.next": "Next shift",
    "tank.next.label": "Next shift: other pumps, leaks and set-points",
    "tank.pace": "Pace", "tank.pace.value": "{times} times as fast",
    "tank.name": "tank {tank}", "tank.pump": "pump {pump}", "tank.leaks": "leak {flow}",
    "tank.pump.1": "Pump 1", "tank.pump.2": "Pump 2", "tank.volts": "{wanted} V, now {now} V",
    "tank.leak": "Leak in tank", "tank.flow": "Leak, cm³/s",
    "tank.leak.open": "Open a leak in tank {tank}", "tank.leak.close": "Close the leak in tank {tank}",
    "tank.leak.opened": "Tank {tank} leaks {flow} cm³/s, in everybody’s plant.",
    "tank.leak.closed": "The leak in tank {tank} is closed.",
    "tank.ask": "Set-points, cm", "tank.ask.1": "tank 1", "tank.ask.2": "tank 2",
    "tank.world": "The plant", "tank.world.seen": "Crossed valves (P+)",
    "tank.world.unseen": "Crossed valves, worn pumps, larger leaks",
    "tank.world.minimum": "Straight valves (P−)",
    "tank.seed": "Seed of the shift",
    "tank.who.person": "You", "tank.who.pi": "PI", "tank.who.wrong": "PI, wrong pairs",
    "tank.who.linear": "Linear, all levels", "tank.who.sac": "SAC",
    "tank.plant.person": "Your plant", "tank.plant.pi": "The PI loops’ plant",
    "tank.plant.wrong": "The plant of wrongly paired PI loops", "tank.plant.linear": "The linear controller’s plant",
    "tank.plant.sac": "SAC’s plant",
    "tank.trend.levels": "Tanks 1 and 2, cm", "tank.trend.upper": "Tanks 3 and 4, cm", "tank.trend.volts": "Pumps, V",
    "tank.trend.legend": "Blue: tanks 1 and 3, pump 1. Orange, dashed: tanks 2 and 4, pump 2. Dotted in their "
      + "colours: set-points; in black: constraints. Shaded: a leak.",
    "tank.minutes": "{minute} min",
    "tank.trend.empty": "Here the trends of the shift will stand.",
    "tank.trend.label": "{name}, minute {minute}: levels {levels} cm; set-points {first} and {second} cm; "
      + "pumps {volts} V",
    "tank.alarm": "Alarm: {what}", "tank.alarm.one": "tank {tank} at {level} cm",
    "tank.hint": "Keep tanks 1 and 2 at the blue arrows’ levels, and no level beyond its dashed line. Each "
      + "step is ten seconds; a pump turns by 1 V in a step at most. The controllers work at the same plant "
      + "beside you.",
    "tank.hint.person": "The valves send most of a pump’s water across: to raise a level soon, its own pump "
      + "must first be turned down.",
    "tank.hint.other": "You watch another one’s plant; your own goes on meanwhile.",
    "tank.over": "The shift is over. {what}.", "tank.points": "{name}: {error} cm, {percent}% in alarm",
    "tank.between": "; ",
    "tank.limited": "This plant has run for as long as one may. “Go on” begins with a new one.",
    "tank.lost": "The connection was lost, and the shift with it. “Start the shift” begins anew.",
    "tank.scores": "This shift so far", "tank.score.who": "Watch", "tank.score.error": "|e₁| + |e₂|, cm",
    "tank.score.violation": "in alarm",
    "tank.scores.note": "The mean error of both lower tanks, and the share of the steps in which any level "
      + "broke its constraint: 10 to 15 cm below, at most 8 cm above. All plants have the same wear, noise, "
      + "leaks and set-points. The linear controller had a hundred times SAC’s steps to be tuned in, PI twenty "
      + "times.",
    "tank.plant": "The plant",
    "tank.about.plant": "The quadruple tank (Johansson 2000). Each pump feeds a lower tank directly, and "
      + "through the same valve the upper tank over the other one.",
    "tank.about.zero": "With crossed valves most of the water comes late, from above, and each pump moves the "
      + "other tank more. So a level that is to rise soon must first be let fall, and PI pays for that. With "
      + "straight valves it has nothing to pay, and nobody can do better.",
    "tank.about.try": "Try: open a leak of 2 cm³/s in tank 3. Watch the wrongly paired loops. Ask for 11 and 14 cm.",
    "help.tank": "Tank: you are the operator of a plant, and controllers work at the same plant beside you. "
      + "Nothing is learnt here: SAC was trained by AP/plant.py.",
    "help.tank.pumps": "pump 1 up and down; pump 2 up and down",
    "help.tank.leak": "open or close a leak in that tank",
    "help.tank.go": "start, pause, go on",
    "help.tank.next": "the next shift",
  },

  ja: {
    "page.tank": "タンク",
    "tank.stage": "プラントとトレンド",
    "tank.ready": "タンク 4 基、ポンプ 2 台",
    "tank.go": "運転開始", "tank.resume": "再開", "tank.next": "次の運転",
    "tank.next.label": "次の運転へ（ポンプの劣化、漏れ、設定値が変わります）",
    "tank.pace": "速さ", "tank.pace.value": "実時間の {times} 倍",
    "tank.name": "タンク {tank}", "tank.pump": "ポンプ {pump}", "tank.leaks": "漏れ {flow}",
    "tank.pump.1": "ポンプ 1", "tank.pump.2": "ポンプ 2", "tank.volts": "{wanted} V（現在 {now} V）",
    "tank.leak": "漏れを起こすタンク", "tank.flow": "漏れの量（cm³/s）",
    "tank.leak.open": "タンク {tank} に漏れを起こす", "tank.leak.close": "タンク {tank} の漏れを止める",
    "tank.leak.opened": "全員のプラントで、タンク {tank} から毎秒 {flow} cm³ 漏れています。",
    "tank.leak.closed": "タンク {tank} の漏れを止めました。",
    "tank.ask": "設定値（cm）", "tank.ask.1": "タンク 1", "tank.ask.2": "タンク 2",
    "tank.world": "プラント", "tank.world.seen": "交差した弁（P+）",
    "tank.world.unseen": "交差した弁、劣化したポンプ、大きな漏れ",
    "tank.world.minimum": "まっすぐな弁（P−）",
    "tank.seed": "運転のシード",
    "tank.who.person": "あなた", "tank.who.pi": "PI", "tank.who.wrong": "PI（誤った組み合わせ）",
    "tank.who.linear": "線形（全水位を使用）", "tank.who.sac": "SAC",
    "tank.plant.person": "あなたのプラント", "tank.plant.pi": "PI 制御のプラント",
    "tank.plant.wrong": "組み合わせを誤った PI 制御のプラント", "tank.plant.linear": "線形制御器のプラント",
    "tank.plant.sac": "SAC のプラント",
    "tank.trend.levels": "タンク 1、2（cm）", "tank.trend.upper": "タンク 3、4（cm）", "tank.trend.volts": "ポンプ（V）",
    "tank.trend.legend": "青はタンク 1、3 とポンプ 1、オレンジの破線はタンク 2、4 とポンプ 2 です。同じ色の点線は設定値、黒の点線は制約、"
      + "網かけは漏れを表します。",
    "tank.minutes": "{minute} 分",
    "tank.trend.empty": "ここに運転のトレンドを表示します。",
    "tank.trend.label": "{name}、{minute} 分: 水位 {levels} cm、設定値 {first} cm と {second} cm、ポンプ {volts} V",
    "tank.alarm": "警報: {what}", "tank.alarm.one": "タンク {tank} が {level} cm",
    "tank.hint": "タンク 1 と 2 の水位を三角印の設定値に保ち、どの水位も破線の制約を越えないようにしてください。1 ステップは 10 秒で、"
      + "ポンプの電圧は 1 ステップに 1 V まで変えられます。隣では、制御器が同じプラントを運転しています。",
    "tank.hint.person": "弁は、ポンプの水の大半を反対側の上段へ送ります。水位をすぐに上げるには、まず自分の側のポンプを下げなければなりません。",
    "tank.hint.other": "ほかの制御器のプラントを見ています。その間も、あなたのプラントは動いています。",
    "tank.over": "運転が終わりました。{what}。", "tank.points": "{name}: {error} cm（警報 {percent}%）",
    "tank.between": "、",
    "tank.limited": "このプラントを運転できる上限に達しました。「再開」を押すと、新しいプラントで始まります。",
    "tank.lost": "接続が切れ、運転も終わりました。「運転開始」で始め直せます。",
    "tank.scores": "この運転のこれまでの結果", "tank.score.who": "表示", "tank.score.error": "|e₁| + |e₂|（cm）",
    "tank.score.violation": "警報",
    "tank.scores.note": "下段 2 基の誤差の平均と、どれかの水位が制約（下段は 10〜15 cm、上段は 8 cm 以下）を破ったステップの割合です。"
      + "劣化、ノイズ、漏れ、設定値は、どのプラントも同じです。調整に使ったステップ数は、線形制御器が SAC の 100 倍、PI が 20 倍です。",
    "tank.plant": "プラント",
    "tank.about.plant": "4 タンク系（Johansson 2000）です。各ポンプの水は弁で二手に分かれ、下段のタンクの一方へ直接流れるほか、もう一方の上にある上段の"
      + "タンクへも流れます。",
    "tank.about.zero": "弁が交差していると、水の大半は上段から遅れて届き、各ポンプは反対側の水位をより大きく動かします。そのため、すぐに上げたい水位は、"
      + "いったん下げなければならず、PI ではその分だけ誤差が残ります。弁がまっすぐなら PI で十分で、それ以上良くする余地はありません。",
    "tank.about.try": "試してみましょう: タンク 3 に毎秒 2 cm³ の漏れを起こす。組み合わせを誤った PI を見る。設定値を 11 cm と 14 cm にする。",
    "help.tank": "タンク: あなたがプラントの運転員になり、隣で制御器が同じプラントを運転します。ここでは何も学習しません。SAC は AP/plant.py で"
      + "学習したものです。",
    "help.tank.pumps": "ポンプ 1 を上げる、下げる。ポンプ 2 を上げる、下げる",
    "help.tank.leak": "そのタンクに漏れを起こす、止める",
    "help.tank.go": "開始、一時停止、再開",
    "help.tank.next": "次の運転",
  },
};
