// The sentences of the game, in English and in Japanese.

export const strings = {
  en: {
    "page.catch": "Catch",
    "catch.stage": "The games: hold the left or the right half to push the paddle",
    "catch.pad": "Push the paddle",
    "catch.push.left": "Push left", "catch.push.wait": "Wait: say that not pushing is right",
    "catch.push.right": "Push right",
    "catch.go": "Play", "catch.resume": "Go on",
    "catch.next": "Next round; this one does not count",
    "catch.pace": "Pace", "catch.pace.value": "{pace} steps a second",
    "catch.driver": "The student drives, I correct",
    "catch.oracle": "Let the oracle show",
    "catch.forget": "Forget: a new student", "catch.wake": "Wake a student",
    "catch.forgotten": "The student has forgotten everything. A new round begins.",
    "catch.board.person": "You", "catch.board.oracle": "The oracle",
    "catch.board.student": "The student", "catch.board.drives": "The student drives",
    "catch.score": "caught {caught} · missed {missed}",
    "catch.ready": "Ready", "catch.waking.short": "Waking up…", "catch.no.student": "No student",
    "catch.over": "caught {caught}, missed {missed}",
    "catch.waking": "The student wakes up: TensorFlow is being loaded, which takes some seconds.",
    "catch.hint": "Hold ← or → to push the paddle; it slides on ice. Every step of yours is a label, and the student "
      + "beside you learns from it at once. A round ends after 16 fruits or three misses.",
    "catch.hint.alone": "Hold ← or → to push the paddle; it slides on ice. Nobody learns from you now. A round ends "
      + "after 16 fruits or three misses.",
    "catch.hint.drives": "The student drives. Hold ← or → where it should push so, ↓ where it should let the paddle "
      + "slide: only what you press is a label.",
    "catch.hint.oracle": "The oracle plays, and each of its steps is a label. It sees positions and speeds.",
    "catch.hint.oracle.drives": "The student drives, and the oracle says at every step what it would have done.",
    "catch.labels": "{count} labels", "catch.labels.one": "1 label",
    "catch.agreement": "the student would have done the same in {percent}% of the latest {count}",
    "catch.name.person": "you", "catch.name.oracle": "the oracle", "catch.name.student": "the student",
    "catch.points": "{name} {value}",
    "catch.round": "Round {round}: {what}.",
    "catch.away": "You pressed nothing in this round, so the game waits. Such a round teaches nothing but waiting.",
    "catch.limited": "This student has learnt for as long as one may. “Forget” begins with a new one.",
    "catch.lost": "The connection was lost, and the student with it. The curve is kept; “Play” begins with a new "
      + "student.",
    "catch.alone": "You play without a student.",
    "catch.curve": "Return of each round",
    "catch.curve.empty": "When a round has ended, its return stands here: fruits caught less fruits missed.",
    "catch.curve.note": "Blue circles: you or the oracle. Orange squares: the student, in its first try of the "
      + "round; hollow where it drove. 16 is the most.",
    "catch.curve.label": "{rounds} rounds. Round {number}: teacher {mine}, student {theirs}, after {labels} labels.",
    "catch.about": "What is going on",
    "catch.about.cloning": "Cloning: the student sees five numbers (the paddle’s place and speed, the fruit’s place, "
      + "the lives) and learns to say which key was held. It has been where you have been, and nowhere else.",
    "catch.about.dagger": "DAgger: let the student drive, and correct it. Now the labels are from where the student "
      + "itself gets to, such as a corner that you never were in.",
    "catch.about.compare": "Both boards have the same fruits. A student that is out of lives comes back where you "
      + "are; the curve counts its first try.",
    "sentences.of.errors": ". ",
    "help.catch": "Catch: you play Catcher, and a network learns from your keys while you play. It runs on this "
      + "server in a process of its own; there is one at a time, so others may have to play without a student.",
    "help.catch.push": "hold to push the paddle; ↓ says “wait” while the student drives",
    "help.catch.go": "play or pause",
    "help.catch.next": "the next round",
  },

  ja: {
    "page.catch": "キャッチ",
    "catch.stage": "ゲーム: 左半分か右半分を押し続けるとパドルが動きます",
    "catch.pad": "パドルを動かす",
    "catch.push.left": "左へ押す", "catch.push.wait": "待つ（どちらにも押さないのが正解、と教える）",
    "catch.push.right": "右へ押す",
    "catch.go": "プレイ", "catch.resume": "再開",
    "catch.next": "次のラウンドへ（今のラウンドは数えません）",
    "catch.pace": "速さ", "catch.pace.value": "毎秒 {pace} ステップ",
    "catch.driver": "生徒に操作させて、自分が直す",
    "catch.oracle": "オラクルに教師を任せる",
    "catch.forget": "忘れさせる（新しい生徒）", "catch.wake": "生徒を起こす",
    "catch.forgotten": "生徒は学んだことをすべて忘れました。新しいラウンドが始まります。",
    "catch.board.person": "あなた", "catch.board.oracle": "オラクル",
    "catch.board.student": "生徒", "catch.board.drives": "生徒が操作中",
    "catch.score": "成功 {caught} · 失敗 {missed}",
    "catch.ready": "準備完了", "catch.waking.short": "起動中…", "catch.no.student": "生徒なし",
    "catch.over": "成功 {caught}、失敗 {missed}",
    "catch.waking": "生徒を起こしています。TensorFlow の読み込みに数秒かかります。",
    "catch.hint": "← か → を押している間、パドルに力がかかります。氷の上なので、離しても滑り続けます。あなたの 1 ステップごとの操作がラベルになり、"
      + "隣の生徒がその場で学習します。果物 16 個か 3 回の失敗でラウンドが終わります。",
    "catch.hint.alone": "← か → を押している間、パドルに力がかかります。床は氷で、パドルは滑り続けます。いまは、あなたから学習する生徒がいません。"
      + "果物 16 個か 3 回の失敗でラウンドが終わります。",
    "catch.hint.drives": "生徒が操作しています。左右に押すべきときは ← か → を、押さずに滑らせるべきときは ↓ を押してください。"
      + "キーを押したステップだけがラベルになります。",
    "catch.hint.oracle": "オラクルがプレイし、1 ステップごとの操作がラベルになります。オラクルには位置と速度が見えています。",
    "catch.hint.oracle.drives": "生徒が操作し、オラクルは毎ステップ、自分ならどうしたかを教えます。",
    "catch.labels": "ラベル {count} 個", "catch.labels.one": "ラベル 1 個",
    "catch.agreement": "最近の {count} 個のうち {percent}% で、生徒も同じ行動を選んでいました",
    "catch.name.person": "あなた", "catch.name.oracle": "オラクル", "catch.name.student": "生徒",
    "catch.points": "{name} {value}",
    "catch.round": "ラウンド {round}: {what}。",
    "catch.away": "このラウンドでは何も押されなかったので、一時停止しました。押さないままでは、待つことしか教えられません。",
    "catch.limited": "この生徒が学習できる上限に達しました。「忘れさせる」で新しい生徒と始められます。",
    "catch.lost": "接続が切れ、生徒もいなくなりました。グラフは残っています。「プレイ」で新しい生徒と始められます。",
    "catch.alone": "生徒なしでプレイします。",
    "catch.curve": "各ラウンドの収益",
    "catch.curve.empty": "ラウンドが終わると、その収益（受け止めた数 − 落とした数）をここに表示します。",
    "catch.curve.note": "青い丸はあなたかオラクル、オレンジの四角は生徒（そのラウンドの最初の挑戦）です。生徒が操作したラウンドは白抜きです。"
      + "最大は 16 です。",
    "catch.curve.label": "{rounds} ラウンド。ラウンド {number}: 教師 {mine}、生徒 {theirs}（ラベル {labels} 個の時点）。",
    "catch.about": "何が起きているか",
    "catch.about.cloning": "行動クローニング: 生徒は 5 つの数（パドルの位置と速度、果物の位置、残りライフ）を見て、どのキーが押されていたかを当てるように"
      + "学習します。生徒が経験したのは、あなたが通った状態だけです。",
    "catch.about.dagger": "DAgger: 生徒に操作させて、それを直します。すると、あなたが一度も行かなかった隅など、生徒自身が行き着く状態のラベルが集まります。",
    "catch.about.compare": "2 つの盤面の果物は同じです。ライフがなくなった生徒は、あなたと同じ状態からやり直しますが、グラフに残るのは最初の挑戦です。",
    "sentences.of.errors": "",
    "help.catch": "キャッチ: あなたが Catcher をプレイし、その間にニューラルネットワークがあなたのキー操作から学習します。"
      + "学習はこのサーバーの専用プロセスで動きます。同時に動くのは 1 つだけなので、ほかの人は生徒なしのプレイになることがあります。",
    "help.catch.push": "押している間パドルを押す。生徒が操作しているときの ↓ は「待つ」",
    "help.catch.go": "プレイ、一時停止",
    "help.catch.next": "次のラウンド",
  },
};
