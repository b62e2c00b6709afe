// The sentences of the dream, in English and in Japanese.

export const strings = {
  en: {
    "page.dream": "Dream",
    "dream.stage": "The game and its dream: hold ← or →, or a half of a board, to push the paddle",
    "dream.pad": "Push the paddle",
    "dream.push.left": "Push left", "dream.push.right": "Push right",
    "dream.go": "Play", "dream.resume": "Go on",
    "dream.follow": "Dream on from here", "dream.new": "New game",
    "dream.followed": "The dream goes on from the real game as it stands.",
    "dream.temperature": "Temperature", "dream.pace": "Pace", "dream.pace.value": "{pace} steps a second",
    "dream.who": "Who plays", "dream.seed": "Number of the game",
    "dream.player.person": "You", "dream.player.controller": "The controller", "dream.player.random": "Random play",
    "dream.show.seen": "Show what V sees", "dream.show.futures": "Show thirty futures",
    "dream.name.real": "Reality", "dream.name.seen": "What V sees", "dream.name.dream": "The dream",
    "dream.name.futures": "Thirty futures",
    "dream.score": "reward\u00a0{reward} · caught\u00a0{caught}\u00a0·\u00a0missed\u00a0{missed}",
    "dream.hidden": "out of sight",
    "dream.alone": "reward\u00a0{reward} · alone\u00a0for\u00a0{steps}\u00a0steps",
    "dream.alone.one": "reward\u00a0{reward} · alone\u00a0for\u00a01\u00a0step",
    "dream.painted": "painted from z", "dream.ahead": "15 steps, one exposure",
    "dream.ready": "Ready", "dream.waking.short": "Waking up…",
    "dream.real.over": "Over:\ncaught {caught}, missed {missed}",
    "dream.dream.over": "The dream says: over\nreward {reward}", "dream.dream.out": "Time is up\nreward {reward}",
    "dream.waking": "The model wakes up: TensorFlow is being loaded, which takes some seconds.",
    "dream.hint.person": "Hold ← or →: the paddle slides on ice, in the game and in the dream at once. The wind "
      + "carries the fruit along, and for a while on its way down it cannot be seen. A game has ten "
      + "fruits, or ends with three misses.",
    "dream.hint.controller": "The controller is one linear function of z and h. It acts in the game by what V sees "
      + "there, and in the dream by what M makes up; so it does not do the same in both.",
    "dream.hint.random": "Random play, the same in both; from such play the model has learnt.",
    "dream.no.controller": "This model’s file holds no controller; you play.",
    "dream.woke": "The dream says that the game is over.",
    "dream.real.ended": "The real game is over: caught {caught}, missed {missed}. The dream goes on.",
    "dream.ended": "Both are over. Reality: caught {caught}, missed {missed}. The dream’s reward: {reward}.",
    "dream.limited": "You have dreamt for as long as one may. “Play” begins anew.",
    "dream.lost": "The connection was lost, and the dream with it. “Play” begins anew.",
    "dream.about": "What is going on",
    "dream.about.model": "The dream has seen one picture of the game, the first. V made a few numbers z of it. "
      + "Since then M alone says, from z, from your push and from its memory h, which z may come next; one is drawn "
      + "by lot, and V paints it. Rewards and the end are M’s, too.",
    "dream.about.part": "Both get the same pushes. Where the next fruit falls, and how the wind blows, nobody can "
      + "know beforehand: so the two part at the latest with the second fruit. “Dream on from here” shows the dream "
      + "the real game once more; M has followed it all the while.",
    "dream.about.futures": "Temperature τ: the mixture’s weights become softmax(log π / τ), its deviations σ √τ. "
      + "Thirty futures drawn so, laid over each other, show how sure M is of what comes: each is fifteen "
      + "steps in one exposure, as of a photograph, with nobody pushing.",
    "dream.try": "What to look for",
    "dream.try.memory": "Show the thirty futures, and dream on from here while the fruit is out of sight: the light "
      + "at the bottom, beside the paddle’s own, lies where the fruit will come back, narrow at τ = 0.1, "
      + "wide at 1.5.",
    "dream.try.cold": "Play at τ = 0.1, then at 1.5. The colder the dream, the fewer different things happen in it: "
      + "new fruits begin in much the same places.",
    "dream.try.controller": "Let the controller play, and compare what the dream pays with what reality pays. The "
      + "one that comes with the course has learnt at τ = 1, in the dream alone. One that learns in a cold dream may "
      + "learn the dream’s faults instead of the game:",
    "help.dream": "Dream: you play Windy Catcher, and with the same pushes the dream of a world model (Ha & "
      + "Schmidhuber 2018). It runs on this server in a process of its own; there is one at a time.",
    "help.dream.push": "hold to push the paddle, in both",
    "help.dream.go": "play or pause",
    "help.dream.follow": "dream on from the real game as it stands",
    "help.dream.new": "a new game",
  },

  ja: {
    "page.dream": "夢",
    "dream.stage": "現実のゲームとその夢: ← か →、または盤面の左半分か右半分を押し続けるとパドルが動きます",
    "dream.pad": "パドルを動かす",
    "dream.push.left": "左へ押す", "dream.push.right": "右へ押す",
    "dream.go": "プレイ", "dream.resume": "再開",
    "dream.follow": "ここから夢を見る", "dream.new": "新しいゲーム",
    "dream.followed": "現実のゲームのいまの状態から、夢を続けます。",
    "dream.temperature": "温度", "dream.pace": "速さ", "dream.pace.value": "毎秒 {pace} ステップ",
    "dream.who": "プレイヤー", "dream.seed": "ゲーム番号",
    "dream.player.person": "あなた", "dream.player.controller": "コントローラー", "dream.player.random": "ランダムなプレイ",
    "dream.show.seen": "V が見ているものを表示", "dream.show.futures": "30 通りの未来を表示",
    "dream.name.real": "現実", "dream.name.seen": "V が見ているもの", "dream.name.dream": "夢",
    "dream.name.futures": "30 通りの未来",
    "dream.score": "報酬\u00a0{reward} · 成功\u00a0{caught}\u00a0·\u00a0失敗\u00a0{missed}", "dream.hidden": "見えない区間",
    "dream.alone": "報酬\u00a0{reward} · 夢だけで\u00a0{steps}\u00a0ステップ",
    "dream.alone.one": "報酬\u00a0{reward} · 夢だけで\u00a01\u00a0ステップ",
    "dream.painted": "z から描いた画像", "dream.ahead": "15 ステップの多重露光",
    "dream.ready": "準備完了", "dream.waking.short": "起動中…",
    "dream.real.over": "ゲーム終了\n成功 {caught}、失敗 {missed}",
    "dream.dream.over": "夢の中ではゲーム終了\n報酬 {reward}", "dream.dream.out": "時間切れ\n報酬 {reward}",
    "dream.waking": "モデルを起こしています。TensorFlow の読み込みに数秒かかります。",
    "dream.hint.person": "← か → を押している間、現実と夢のパドルに同じ力がかかります。氷の上なので、離しても滑り続けます。果物は風に流され、"
      + "落ちる途中で、しばらく見えなくなります。果物 10 個か 3 回の失敗でゲームが終わります。",
    "dream.hint.controller": "コントローラーは、z と h のたった 1 つの線形関数です。現実では V が見たものに、夢では M が作り出したものに従って行動するので、"
      + "2 つの盤面で同じ行動をとるとは限りません。",
    "dream.hint.random": "どちらの盤面でも同じランダムな行動をとります。モデルはこのようなプレイから学習しました。",
    "dream.no.controller": "このモデルのファイルにはコントローラーがないので、あなたがプレイします。",
    "dream.woke": "夢の中では、ゲームが終わったことになりました。",
    "dream.real.ended": "現実のゲームは終わりました（成功 {caught}、失敗 {missed}）。夢はまだ続きます。",
    "dream.ended": "両方とも終わりました。現実: 成功 {caught}、失敗 {missed}。夢の報酬: {reward}。",
    "dream.limited": "夢を見られる時間の上限に達しました。「プレイ」で新しく始められます。",
    "dream.lost": "接続が切れ、夢も終わりました。「プレイ」でもう一度始められます。",
    "dream.about": "何が起きているか",
    "dream.about.model": "夢が見たのは、現実のゲームの最初の 1 枚だけです。V はそれを数個の数値 z に変えました。その後は M だけが、z と、あなたの操作と、"
      + "自分の記憶 h から、次にどんな z がありうるかを予測します。そこから 1 つをサンプリングし、V がそれを描きます。報酬もゲームの終わりも M の予測です。",
    "dream.about.part": "2 つの盤面には同じ操作が伝わります。次の果物がどこに落ち、風がどう吹くかは前もって分からないので、遅くとも 2 個目の果物で"
      + "現実と夢は食い違っていきます。「ここから夢を見る」で、夢に現実のゲームをもう一度見せられます。M はその間もずっと現実を追い続けています。",
    "dream.about.futures": "温度 τ を使うと、混合分布の重みは softmax(log π / τ)、標準偏差は σ √τ になります。こうしてサンプリングした 30 通りの未来を"
      + "重ねると、M が先のことをどれだけ確信しているかが分かります。どの未来も、何も押さない 15 ステップを 1 枚に写した多重露光です。",
    "dream.try": "見どころ",
    "dream.try.memory": "30 通りの未来を表示し、果物が見えない間に「ここから夢を見る」を押してください。下のほうの、パドルとは別の光は、"
      + "果物が再び現れる位置にあります。τ = 0.1 では狭く、1.5 では広くなります。",
    "dream.try.cold": "τ = 0.1 と 1.5 でプレイして、比べてください。温度が低いほど、夢の中で起こることの種類が減り、新しい果物は似たような場所から"
      + "落ち始めます。",
    "dream.try.controller": "コントローラーにプレイさせ、夢の報酬と現実の報酬を比べてください。付属のコントローラーは τ = 1 の夢の中だけで"
      + "学習しました。温度の低い夢で学習すると、ゲームではなく夢の欠陥を学習してしまうことがあります。次のコマンドで試せます:",
    "help.dream": "夢: あなたが Windy Catcher をプレイすると、同じ操作で世界モデル（Ha & Schmidhuber 2018）の夢も進みます。"
      + "夢はこのサーバーの専用プロセスで動き、同時に動くのは 1 つだけです。",
    "help.dream.push": "押している間、両方のパドルを押す",
    "help.dream.go": "プレイ、一時停止",
    "help.dream.follow": "いまの現実のゲームから夢を見る",
    "help.dream.new": "新しいゲーム",
  },
};
